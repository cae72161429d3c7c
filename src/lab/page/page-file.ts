/**
 * The file of `--html`: whether it can be written is known before anything is played, which takes its time.
 *
 * Deliberately absent: making folders. A mistyped path would leave one behind, and the page where nobody looks for it.
 */
import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { HopwiseError } from "../../config/error.ts";
import { fileFault } from "../../config/file-error.ts";

/** Leaves everything as it is. @throws HopwiseError `option-invalid` */
export async function checkPageFile(file: string): Promise<void> {
  const folder = dirname(file);
  const folderStat = await stat(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw unwritable(file, code === "ENOENT" ? `there is no folder ${folder}` : fileFault(error, "written"), error);
  });
  if (!folderStat.isDirectory()) throw unwritable(file, `${folder} is not a folder`);
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) throw unwritable(file, "it is a folder");
  await access(found === undefined ? folder : file, constants.W_OK).catch((error: unknown) => {
    throw unwritable(file, fileFault(error, "written"), error);
  });
}

/** @throws HopwiseError `option-invalid` */
export async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw unwritable(file, fileFault(error, "written"), error);
  }
}

function unwritable(file: string, why: string, cause?: unknown): HopwiseError {
  return new HopwiseError(
    "option-invalid",
    `${file} cannot be written (${why}): write the path of a file in a folder that exists`,
    "html",
    cause,
  );
}
