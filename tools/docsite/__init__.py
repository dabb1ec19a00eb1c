"""The generated parts of the documentation site, for MkDocs."""
