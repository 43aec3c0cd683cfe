"""What the tests of the Train page share."""


def find_view_control(app):
    """Its key changes whenever the page switches the view."""
    return next(one for one in app.segmented_control if one.label == "View")
