"""Projects as data: the graph, the edits that change it, and its file."""
