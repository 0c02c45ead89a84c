"""What a browser or a monitor may ask of a workspace over HTTP."""
