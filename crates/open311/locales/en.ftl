open311-menu = Public texts
open311-texts = Reading before publishing
open311-texts-help = These classes are public. Words appear in public data only after somebody has read them: take out names, homes and whatever tells who somebody is; keep what should not be public. Pictures are not published.
open311-texts-empty = Nothing waits to be read
open311-texts-empty-help = New reports of public classes appear here.
open311-text = Public words
open311-publish = Publish
open311-keep = Keep in the house
open311-published = Published.
open311-kept = Kept in the house; the state can be followed all the same.
open311-notice = Received. Keep the id: you can follow the request by it.
open311-contact = Please ask the city's operation centre.
open311-key-service = Keys are given by the system administrator.
open311-condition = Which of these it is
open311-condition-help = Choose the closest one; it may be left out.
# Why words cannot become public.
open311-error-text = These words cannot become public: { $reason }
