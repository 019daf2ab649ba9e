"""Create: describe a picture, choose its shape, see what it will cost, and watch it come."""

from pages.parts import look

look.heading("Create")
