/** PE/COFF, as EFI applications use it: headers, sections, and how firmware maps them. */
package io.github.kexecsim.loader.pe;
