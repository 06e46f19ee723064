/** What an x86_64 kernel's early code decides before the kernel itself runs: place and paging. */
package io.github.kexecsim.loader.x86;
