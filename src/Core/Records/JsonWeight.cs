namespace Lockstep.Core.Records;

/// <summary>What a JSON text takes in memory when it is taken apart: short items weigh many times their bytes.</summary>
public static class JsonWeight
{
    /// <summary>A shorter text, in bytes, is never heavy.</summary>
    public const int Short = 64 << 10;

    /// <summary>Bytes that <see cref="JsonText.Parse"/> takes for each row.</summary>
    internal const int BytesARow = 12;

    // The array's length is a power of two, and while it is doubled the former one is there too.
    private const int BytesToParseARow = 3 * BytesARow;
    private const int BytesAToken = 64;

    /// <summary>Bytes that <see cref="JsonText.Parse"/> takes at most; rather too many than too few.</summary>
    public static long ToParse(ReadOnlySpan<byte> json) => BytesToParseARow * RowsOf(json);

    /// <summary>Rows of the framework's table of a text: one for each value and each name, one more for the end of an object or an array.</summary>
    internal static long RowsOf(ReadOnlySpan<byte> json) =>
        1L + json.Count((byte)',') + json.Count((byte)':') + (2L * (json.Count((byte)'[') + json.Count((byte)'{'))) - json.Count("[]"u8) - json.Count("{}"u8);

    /// <summary>Bytes of a text that is taken apart and changed.</summary>
    /// <returns>Rather too many than too few.</returns>
    internal static long Of(ReadOnlySpan<byte> json) =>
        json.Length + (BytesAToken * (1L + json.Count((byte)',') + json.Count((byte)':') + json.Count((byte)'[') + json.Count((byte)'{')));
}
