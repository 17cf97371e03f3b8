"""Messages of Envoy's from their JSON form into the binary one, quicker than protobuf's own parser.

What a message has within an ``Any`` (a filter with its configuration) is much the same for all
proxies, so that is packed once and put in its place.
"""

import json
from base64 import b64decode
from functools import lru_cache
from typing import Any, NamedTuple

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from seawall.core.errors import UsageError
from seawall.mesh.proxies.names import Json

_MOST_KEPT = 1024
_TYPE = "@type"
_WELL_KNOWN = "google.protobuf."
"""Types whose JSON form is not that of their fields: those are left to protobuf's own parser."""
_kept: dict[str, Packed] = {}


def packed(message: Json) -> Packed:
    """A message in its binary form; what Envoy does not know is an error."""
    _load_types()
    try:
        return _made(message)
    except (ParseError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"the configuration does not fit this version of Envoy's messages: {error}; "
            "install seawall[mesh] anew"
        ) from None


def _made(message: Json) -> Packed:
    url = message[_TYPE]
    name = url.rpartition("/")[2]
    if name.startswith(_WELL_KNOWN):  # they have a form of their own within an ``Any``
        return ParseDict(message, Packed())
    made = GetMessageClass(Default().FindMessageTypeByName(name))()
    _fill(made, {key: own for key, own in message.items() if key != _TYPE})
    return Packed(type_url=url, value=made.SerializeToString(deterministic=True))


def _known(message: Json) -> Packed:
    text = json.dumps(message)
    found = _kept.get(text)
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[text] = _made(message)
    return found


class _Field(NamedTuple):
    """What a field of a message takes."""

    is_message: bool
    is_repeated: bool
    is_map: bool
    is_bytes: bool
    holds_messages: bool
    """Of a map: whether its values are messages."""


@lru_cache(maxsize=1024)
def _fields(name: str) -> dict[str, _Field]:
    """The fields of a type, by their names."""
    found = {}
    for field in Default().FindMessageTypeByName(name).fields:
        inner, of_messages, is_map = field.message_type, False, False
        if inner is not None and inner.GetOptions().map_entry:
            is_map = True
            of_messages = inner.fields_by_name["value"].message_type is not None
        found[field.name] = _Field(
            inner is not None, field.is_repeated, is_map, field.type == field.TYPE_BYTES,
            of_messages,
        )  # fmt: skip
    return found


def _fill(message: Message, plain: Json) -> None:
    """Give a message its fields (protobuf's mapping of JSON, as far as our configurations go)."""
    own = message.DESCRIPTOR.full_name
    fields = _fields(own)
    for name, value in plain.items():
        field = fields.get(name)
        if field is None:
            raise ParseError(f"{own} has no {name!r}")
        if field.is_map:
            _fill_map(getattr(message, name), value, field)
        elif not field.is_message:
            _set(message, name, value, field)
        elif field.is_repeated:
            place = getattr(message, name)
            for item in value:
                _fill_one(place.add(), item)
        else:
            part = getattr(message, name)
            part.SetInParent()
            _fill_one(part, value)


def _fill_one(message: Any, value: Any) -> None:
    if isinstance(value, dict) and _TYPE in value:
        message.CopyFrom(_known(value))
    elif message.DESCRIPTOR.full_name.startswith(_WELL_KNOWN):
        ParseDict(value, message)
    else:
        _fill(message, value)


def _fill_map(place: Any, value: Json, field: _Field) -> None:
    for key, item in value.items():
        if field.holds_messages:
            _fill_one(place[key], item)
        else:
            place[key] = item


def _set(message: Message, name: str, value: Any, field: _Field) -> None:
    if field.is_bytes:
        value = b64decode(value, validate=True)
    if field.is_repeated:
        getattr(message, name).extend(value)
    else:
        setattr(message, name, value)


@lru_cache(maxsize=1)
def _load_types() -> tuple[Any, ...]:
    """Import every message that a configuration may have within an ``Any``."""
    from importlib import import_module  # noqa: PLC0415 - once

    return tuple(import_module(name) for name in _MODULES)


_FILTERS = "envoy.extensions.filters"
_MODULES = (
    "envoy.config.cluster.v3.cluster_pb2",
    "envoy.config.core.v3.extension_pb2",
    "envoy.config.listener.v3.listener_pb2",
    "envoy.extensions.access_loggers.filters.cel.v3.cel_pb2",
    "envoy.extensions.access_loggers.grpc.v3.als_pb2",
    "envoy.extensions.access_loggers.stream.v3.stream_pb2",
    f"{_FILTERS}.http.rbac.v3.rbac_pb2",
    f"{_FILTERS}.http.router.v3.router_pb2",
    f"{_FILTERS}.listener.original_dst.v3.original_dst_pb2",
    f"{_FILTERS}.listener.proxy_protocol.v3.proxy_protocol_pb2",
    f"{_FILTERS}.listener.tls_inspector.v3.tls_inspector_pb2",
    f"{_FILTERS}.network.http_connection_manager.v3.http_connection_manager_pb2",
    f"{_FILTERS}.network.rbac.v3.rbac_pb2",
    f"{_FILTERS}.network.tcp_proxy.v3.tcp_proxy_pb2",
    "envoy.extensions.matching.common_inputs.ssl.v3.ssl_inputs_pb2",
    "envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_spiffe_validator_config_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
)
