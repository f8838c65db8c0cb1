"""Files to and from the object store: signed requests, uploads and downloads."""
