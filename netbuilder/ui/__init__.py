"""The window. Imports neither torch nor anything that does, until it is on the screen."""
