"""Files that come in: articles from Word, web pages and plain text; attachments and what they give away.  Pure."""
