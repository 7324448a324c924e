// The theme puts each copy button into a <nav>: several of one name, which are no places to go to.
new MutationObserver((records) => {
  for (const { addedNodes } of records)
    for (const node of addedNodes)
      if (node.classList?.contains("md-code__nav")) node.setAttribute("role", "none");
}).observe(document.querySelector("article"), { childList: true, subtree: true });
