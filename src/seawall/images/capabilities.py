"""File capabilities: what ``security.capability`` gives to a program.

Source: ``struct vfs_ns_cap_data`` and the numbers of ``include/uapi/linux/capability.h``.
"""

from struct import unpack_from

NAMES = tuple(
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable "
    "net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio "
    "sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time "
    "sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog "
    "wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore".split()
)
_WORDS = {0x01000000: 1, 0x02000000: 2, 0x03000000: 2}
"""By revision, the number of pairs of 32 bits (permitted, inheritable)."""
_REVISION = 0xFF000000


def names_of(attribute: bytes) -> tuple[str, ...]:
    """The permitted capabilities, by name (``cap_net_raw``), those without one by number.

    Empty for an attribute that the kernel would refuse.
    """
    if len(attribute) < 4:
        return ()
    (magic,) = unpack_from("<I", attribute)
    pairs = _WORDS.get(magic & _REVISION, 0)
    if not pairs or len(attribute) < 4 + 8 * pairs:
        return ()
    permitted = 0
    for number in range(pairs):
        (word,) = unpack_from("<I", attribute, 4 + 8 * number)
        permitted |= word << (32 * number)
    return tuple(
        f"cap_{NAMES[bit]}" if bit < len(NAMES) else f"cap_{bit}"
        for bit in range(64)
        if permitted >> bit & 1
    )
