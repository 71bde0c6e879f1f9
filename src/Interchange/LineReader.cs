namespace Lockstep.Interchange;

/// <summary>Reads lines, of which only one is in memory at a time.</summary>
internal sealed class LineReader(Stream input)
{
    private byte[] buffer = new byte[64 << 10];
    private int from;
    private int to;

    /// <summary>The number of the last line that was read, from 1 on.</summary>
    public long Number { get; private set; }

    /// <summary>Bytes up to the end of that line.</summary>
    public long Position { get; private set; }

    /// <summary>Reads the next line, with its end. It is good until the next call.</summary>
    /// <returns>Null at the end, and for a last line that has no end.</returns>
    /// <exception cref="InterchangeException">The line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        var searched = from;
        while (true)
        {
            var end = Array.IndexOf(buffer, (byte)'\n', searched, to - searched);
            if (end >= 0)
            {
                var line = buffer.AsMemory(from, end + 1 - from);
                from = end + 1;
                Number++;
                Position += line.Length;
                return line;
            }

            searched = to;
            if (from > 0)
            {
                buffer.AsSpan(from, to - from).CopyTo(buffer);
                (searched, to, from) = (searched - from, to - from, 0);
            }

            if (to == buffer.Length)
            {
                if (buffer.Length >= ExportFormat.MaxLineBytes)
                {
                    throw new InterchangeException(FormattableString.Invariant($"Line {Number + 1} is longer than {ExportFormat.MaxLineBytes} bytes."));
                }

                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = await input.ReadAsync(buffer.AsMemory(to), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            to += read;
        }
    }
}
