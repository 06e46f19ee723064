/** What bad input causes: one exception, its reasons, and the errno that the kernel answers. */
package io.github.kexecsim.loader.error;
