"""Numbers about models, and what is kept with them."""
