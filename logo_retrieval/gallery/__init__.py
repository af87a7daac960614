"""The drawings of an index before they are embedded: read from folders and tables, named, checked."""
