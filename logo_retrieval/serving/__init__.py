"""The index over HTTP: `app.py` puts it together, `/v1` is `routes.py`, `line.py` shares batches between requests."""
