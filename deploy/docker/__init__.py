"""Dueflow in containers: the images of the services, and the steps that prepare their servers."""
