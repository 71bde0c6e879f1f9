namespace Lockstep.Core.Json;

/// <summary>What a JSON text takes in memory when it is taken apart: short items weigh many times their bytes.</summary>
internal static class JsonWeight
{
    private const int BytesAToken = 64;

    /// <returns>Bytes, rather too many than too few.</returns>
    public static long Of(ReadOnlySpan<byte> json) =>
        json.Length + (BytesAToken * (1L + json.Count((byte)',') + json.Count((byte)':') + json.Count((byte)'[') + json.Count((byte)'{')));
}
