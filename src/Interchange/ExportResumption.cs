using System.Security.Cryptography;

namespace Lockstep.Interchange;

/// <summary>Finds where an export that was cut off can go on.</summary>
public static class ExportResumption
{
    private const int BytesAtOnce = 1 << 20;

    /// <summary>Reads a file from its beginning.</summary>
    /// <param name="file">The file. It can be read from any place.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The point behind the last whole bucket; null where there is none, so that the export begins anew. Whether the file is whole already.</returns>
    /// <exception cref="InterchangeException">The file is not an export, or a whole line of it cannot be read.</exception>
    public static async Task<(ExportPoint? Point, bool IsWhole)> FindAsync(Stream file, CancellationToken cancellationToken)
    {
        using var reader = new ExportReader(new LineReader(file), new NoTarget(), 0, static _ => { });
        var counts = await reader.ReadAsync(cancellationToken);
        if (counts is not null || reader.LastBucket is not var (name, end, upTo))
        {
            return (null, counts is not null);
        }

        // Once more, since what stands behind the bucket was hashed too.
        file.Position = reader.HeaderBytes;
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BytesAtOnce];
        while (file.Position < end)
        {
            var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - file.Position)), cancellationToken);
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return (new ExportPoint(end, upTo, hash) { Last = name, Account = reader.Account }, false);
    }
}
