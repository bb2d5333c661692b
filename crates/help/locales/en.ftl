# Words around the guides.
help-title = Help
help-guides = Guides
help-about = A short guide for each kind of work. Choose yours.
help-picture = Picture: { $what }
