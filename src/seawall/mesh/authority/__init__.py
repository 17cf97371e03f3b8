"""The certificate authority: keys of issuers, what they signed, and how they give way to others."""
