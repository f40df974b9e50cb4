"""The screens of the kiosk: the counter and the receipt."""
