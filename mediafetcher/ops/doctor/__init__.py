"""What is wrong with the machine below MediaFetcher, in words, each with the line to type."""
