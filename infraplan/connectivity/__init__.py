"""Who lacks broadband, at home and at school: gaps from publishers' files to districts."""
