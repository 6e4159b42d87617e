"""The contracts between services and with the world: events, their schemas, and the documents made from them."""
