"""What a gateway holds, in SQL."""
