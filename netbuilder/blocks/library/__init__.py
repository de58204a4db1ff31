"""The layers themselves, one file a family. Importing this package fills the registry."""
