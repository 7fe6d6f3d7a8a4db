/** Reports as HL7 FHIR R4. The only package that needs HAPI FHIR. */
@NullMarked
package org.vesalius.clinical.report.fhir;

import org.jspecify.annotations.NullMarked;
