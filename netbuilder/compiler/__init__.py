"""From a project to a checked program, and from there to a module, source text and shapes."""
