"""Traffic goes through the proxy, or nowhere: rules for nftables."""
