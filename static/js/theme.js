/* The theme that the visitor chose, for a page that is the same for all: set before it is painted.
   Loaded without "type=module", because modules run only after the page was read. */
(() => {
  const theme = document.cookie.match(/(?:^|; )theme=(dark|light)/)?.[1];
  if (theme) document.documentElement.dataset.theme = theme;
})();
