# Attachments: why something was refused.
attachments-error-one-file = Choose one file.
attachments-error-empty = The file is empty.
attachments-error-too-large = The file is too large; at most { $megabytes } MB are taken.
attachments-error-kind = Only JPEG, PNG and WebP pictures and PDF documents are taken.
attachments-error-too-many-pixels = The picture has too many pixels. Make it smaller and try again.
attachments-error-broken = The picture cannot be read; it may be damaged. Take or choose it again.
attachments-error-document = This PDF is encrypted, incomplete, or holds scripts or other active content. Save it as a plain PDF and try again.
attachments-error-not-found = There is no such attachment.
attachments-error-gone = The uploaded file is not there any more. Upload it again.
attachments-error-too-many = Too many attachments; { $most } more can be added.
attachments-error-busy = Many uploads are being handled. Try again in a moment.
attachments-error-unavailable = The attachment cannot be read or stored at present. Ask the system administrator.
