"""What a participant has that ends, and when: its state computed, and told long before."""
