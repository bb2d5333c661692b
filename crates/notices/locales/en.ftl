notices-menu-failed = Undelivered
notices-title = My notices
notices-unread = Not read
notices-all = All
notices-new = New:
notices-read-all = Mark all as read
notices-empty = There is nothing new for you
notices-empty-advice = When a case is given to you, when somebody asks or answers, it is told here.
notices-marked = { $n ->
    [one] One notice is marked as read.
   *[other] { $n } notices are marked as read.
}
notices-settings = How to be told
notices-settings-help = Every notice stands here in the program. Besides, you can be told by email or by text message.
notices-settings-kept = Your choice is kept.
notices-no-channel = This deployment has no mail server and no gateway for text messages yet: notices stand in the program only.
notices-no-channel-operator = No mail server and no gateway for text messages is configured: notices stand in the program only. The operator sets smtp_url or notice_gateway.
notices-kept-email = Email now
notices-kept-phone = Phone now
notices-none-kept = none
notices-field-email = Email
notices-field-phone = Phone
notices-address-help = The addresses are kept sealed. Saving replaces what was kept; an empty field forgets it.
notices-by-email = Tell me by email
notices-by-gateway = Tell me by text message
notices-in-english = Write to me in English
notices-keep = Save
notices-failed-title = Notices that did not arrive
notices-failed-empty = Every notice has arrived
notices-failed-empty-advice = What failed stands here from its first try on. After eight tries it is sent no more and stays until somebody looks.
notices-failed-count = { $n ->
    [one] One notice did not arrive and is tried no more.
   *[other] { $n } notices did not arrive and are tried no more.
}
notices-failed-waiting = { $n ->
    [one] One has failed so far and will be tried again by itself.
   *[other] { $n } have failed so far and will be tried again by themselves.
}
notices-tried-again = Failed so far; will be tried again at
notices-again = Send again
notices-again-all = Send all again
notices-begun-again = { $n ->
    [one] One notice is being sent again.
   *[other] { $n } notices are being sent again.
}
notices-dismiss = Take off the list
notices-dismissed = The notice is off the list.
notices-col-at = Posted
notices-col-about = About
notices-col-channel = By
notices-col-attempts = Tries
notices-col-why = Why
notices-col-acts = Actions
notices-channel-email = Email
notices-channel-gateway = Text message
notices-channel-in-app = In the program
notices-templates = Wording of notices
notices-templates-help = The city words its notices here. A place in braces is filled when the notice is made; there is no place for a person’s data.
notices-field-title = Title
notices-field-body = Text
notices-places = Places: { $places }
notices-no-places = This kind has no places.
notices-reworded = “{ $title }” is worded anew ({ $lang }).
notices-wording = { $title } ({ $lang })
notices-lang-zh = Chinese
notices-lang-en = English
notices-col-lang = Language
notices-error-not-found = There is no such notice.
notices-error-bad-cursor = This page of the list cannot be found.
notices-error-bad-limit = The number of rows is a number from 1 to { $most }.
notices-error-still-nobody = The unit still has no account that could read it. Once somebody there has one, the notice can be sent again.
notices-error-many-ids = At most 200 notices can be marked at once.
notices-error-no-vault = This deployment keeps no addresses.
notices-error-bad-email = This is not an email address.
notices-error-address-needed = Please give the address, or untick the choice.
notices-error-bad-template = This wording cannot be used: { $why }.
notices-template-empty = it is empty
notices-template-long = it has more than { $most } characters
notices-template-control = it holds control characters
notices-template-brace = the brace at character { $at } has no other half
notices-template-unknown = notices of this kind have no place “{ $name }”; there are { $known }
notices-failed-no-account = The unit has no account that could read it.
