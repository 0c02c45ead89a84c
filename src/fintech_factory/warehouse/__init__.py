"""Where tables live: what every warehouse must do, and how versions are published."""
