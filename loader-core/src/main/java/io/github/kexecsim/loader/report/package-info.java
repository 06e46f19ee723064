/** What is told of a file: its header's fields, and what is wrong or odd about it. */
package io.github.kexecsim.loader.report;
