"""What service and plugin share and is not sent: redaction, command lines, rosters in CSV files."""
