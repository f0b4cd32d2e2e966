"""What travels: typed models of requests and answers."""
