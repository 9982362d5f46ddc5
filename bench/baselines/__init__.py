"""What the site is compared with: sites that do less."""
