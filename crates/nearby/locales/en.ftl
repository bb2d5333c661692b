nearby-title = Near me
nearby-about = See which public matters were reported around you and how far they are. No account is needed, and your position is not kept.
nearby-by-point = On the map, or by my position
nearby-map-choose = Which place would you like to see
nearby-point = Longitude and latitude
nearby-point-help = A press on the map fills them in. They only serve to find the street and are not kept.
nearby-lon = Longitude
nearby-lat = Latitude
nearby-look = See what is near
nearby-by-list = From the list
nearby-no-places = There are no places to choose from yet
nearby-no-places-advice = Districts, streets and communities will be listed here. You can report a matter all the same.
nearby-report = Report
nearby-at = Near { $place }
nearby-show-all = All
nearby-show-open = Open
nearby-show-settled = Finished
nearby-class = Class
nearby-filter = Show
nearby-map = The streets of the matters on this page
nearby-map-help = So that no home is shown, every point stands in the middle of its street; the number is how many matters of this page are there.
nearby-map-point = { $place }: { $n ->
    [one] { $n } matter on this page
   *[other] { $n } matters on this page
}
nearby-empty = Nothing public of this kind was reported here within the last year
nearby-empty-advice = Choose another class, look at all of them, or go one level up. If something is wrong, please report it.
nearby-number = Number { $number }
nearby-reported = reported
nearby-due = promised by
nearby-late = later than promised
nearby-ended = finished
nearby-me-too = I see it too
nearby-again = Report something like it
nearby-narrower = Closer
nearby-list = What was reported here
nearby-hear = Tell me when something is new
nearby-feed = Subscribe (Atom)
nearby-feed-help = A feed reader can follow this place, and you leave nothing behind:
nearby-email = Email
nearby-email-help = First you get one message. You are subscribed only if you follow its link within 24 hours; otherwise the address is erased.
nearby-email-privacy = At most one message a day, and only when something has changed. The address is kept encrypted, used for nothing else, and stands in no list; each message has a link that ends it and erases the address at once.
nearby-classes = Only some classes (optional)
nearby-classes-label = Classes
nearby-classes-help = Choose none for all of them, or at most 20.
nearby-subscribe = Subscribe by email
nearby-asked = If this address can receive mail, a message is on its way. Please follow its link within 24 hours.
nearby-one-help = Here is only what everybody may know. Words become public after a person has read them; photos do not.
nearby-around = What else is near
nearby-confirm-title = Confirm the subscription
nearby-confirm-text = Would you like to hear of { $place }? At most one message a day when something has changed, and you can end it any time.
nearby-confirm = Confirm
nearby-confirmed = You are subscribed
nearby-confirmed-text = When something changes in { $place } you get at most one message a day, from tomorrow on. Each has a link that ends it.
nearby-stop-title = End the subscription
nearby-stop-text = Get no more messages about this place, and have the address erased?
nearby-stop = End it and erase the address
nearby-stopped = It is ended
nearby-stopped-text = You get no more messages, and the address is erased.
nearby-link-gone = This link no longer works
nearby-link-gone-text = The subscription was ended, or was not confirmed within 24 hours, and the address is erased. You can subscribe again.
nearby-sentence = { $stand }. Reported on { $reported }.
nearby-sentence-due = { $stand }. Reported on { $reported }, promised by { $due }.
nearby-sentence-late = { $stand }. Reported on { $reported }, promised by { $due }; that promise was not kept.
nearby-sentence-ended = { $stand }. Reported on { $reported }, finished on { $ended }.
nearby-entry-title = { $matter } ({ $place })
nearby-feed-title = Near { $place }
nearby-letter-confirm-title = Please confirm: news about { $place }
nearby-letter-confirm =
    Somebody, probably you, asked for news about { $place } at this address.

    If it was you, open the link below within 24 hours and press “Confirm”.
    If it was not, do nothing: you get no more messages, and the address is erased after 24 hours.
nearby-letter-title = { $n ->
    [one] { $n } piece of news near { $place }
   *[other] { $n } pieces of news near { $place }
}
nearby-letter-more = { $n ->
    [one] There is { $n } more on the page.
   *[other] There are { $n } more on the page.
}
nearby-letter-all = Everything public at this place:
nearby-letter-end = No more of these? Open the link below; the address is erased at once:
# Why a request was not answered as asked.
nearby-error-place = There is no such place; please choose one from the list.
nearby-error-point = This is not a longitude and latitude; please press on the map or choose from the list.
nearby-error-outside = This position is not in the city; please choose from the list.
nearby-error-class = There is no such public class; all of them are shown below.
nearby-error-classes = Please choose public classes from the list, at most 20.
nearby-error-show = Only open ones or finished ones can be asked for; leave it out for all.
nearby-error-page = This page is no longer there; please begin with the first.
nearby-error-email = This does not look like an email address; please check it.
nearby-error-not-found = There is no such matter, or it is not public.
nearby-error-no-mail = This city sends no email yet; please use the feed.
nearby-error-too-often = Too many subscriptions come from this network; please try again later.
