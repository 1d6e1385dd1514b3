"""The ruler: what authentication costs per request, ours and the peers', by the same measure."""
