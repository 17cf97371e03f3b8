"""Which findings count: severities, ignores, baseline. Once, for findings of every domain."""
