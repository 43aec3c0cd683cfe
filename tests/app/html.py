"""What a page shows that no widget of the driver does."""


def read_html(app):
    return " ".join(part.proto.body for part in app.get("html"))
