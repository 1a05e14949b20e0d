"""The deeper flows as chaos plays them: repairs, complaints, first contact, files, each seen to its end."""
