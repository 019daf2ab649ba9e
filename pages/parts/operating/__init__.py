"""The operator's page, part by part. Every part is drawn for a desk, which only a session that still holds can open."""
