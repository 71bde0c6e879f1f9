namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Checks that files of records are there, with all their bytes.</summary>
/// <remarks>A file that no record names is not a finding: the server removes it after a while.</remarks>
/// <param name="database">The home database.</param>
/// <param name="findings">Receives findings.</param>
/// <param name="directory">The place of their contents; null for the database.</param>
internal sealed class FileCheck(UpkeepDatabase database, Findings findings, FileSizes? directory)
{
    private const int FilesAtOnce = 500;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var files = await database.ReadAsync(
                $"""
                SELECT id, bucket, collection, record, size,
                    (SELECT coalesce(sum(length(content)), 0) FROM attachment_pieces p WHERE p.attachment = a.id),
                    (SELECT count(*) FROM attachment_pieces p WHERE p.attachment = a.id), (SELECT coalesce(max(number), -1) FROM attachment_pieces p WHERE p.attachment = a.id)
                FROM attachments a WHERE id > $1 AND size IS NOT NULL ORDER BY id LIMIT {FilesAtOnce}
                """,
                static reader => (Id: reader.GetString(0), Where: $"bucket {reader.GetString(1)}, collection '{reader.GetString(2)}', record '{reader.GetString(3)}'",
                    Size: reader.Number(4), Bytes: reader.Number(5), IsWhole: reader.Number(6) == reader.Number(7) + 1),
                cancellationToken,
                after);
            foreach (var file in files)
            {
                // The setting at the time when the file came decided which of the two has it.
                var bytes = (directory is null ? default(long?) : await directory.Of(file.Id, cancellationToken)) ?? (file.IsWhole ? file.Bytes : -1);
                if (bytes != file.Size)
                {
                    findings.Tell(FindingKind.File, file.Where, bytes <= 0 && file.Size > 0 ? $"The file {file.Id} is not there, or not whole." : $"The file {file.Id} has {bytes} bytes, and should have {file.Size}.");
                }
            }

            if (files.Count < FilesAtOnce)
            {
                break;
            }

            after = files[^1].Id;
        }

        foreach (var id in directory?.All ?? [])
        {
            if (await database.NumberAsync("SELECT count(*) FROM attachments WHERE id = $1", cancellationToken, id) == 0)
            {
                findings.Tell(FindingKind.File, $"file {id}", "The file is in the directory, and nothing in the database tells of it.");
            }
        }

        foreach (var id in await database.ReadAsync(
            $"SELECT DISTINCT attachment FROM attachment_pieces p WHERE NOT EXISTS (SELECT 1 FROM attachments a WHERE a.id = p.attachment) LIMIT {FilesAtOnce}", static reader => reader.GetString(0), cancellationToken))
        {
            findings.Tell(FindingKind.File, $"file {id}", "Pieces of it are there, and nothing tells of it.");
        }
    }
}
