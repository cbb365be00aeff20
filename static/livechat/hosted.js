// Shows the bubble that the page is about, in the page instead of over it.
const place = document.getElementById("chat");
const { code, locale } = place.dataset;
ChatWidget.mount({ code, target: place, ...(locale && { locale }) });
