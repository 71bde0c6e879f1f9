namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>A judgement takes more work than allowed. Caught where the judgement began; it has no stack, so that it costs little.</summary>
internal sealed class SchemaWorkException : Exception
{
    private SchemaWorkException(bool isDeep) => IsDeep = isDeep;

    /// <summary>Whether it was too deep: more steps would not help.</summary>
    public bool IsDeep { get; }

    public static SchemaWorkException Steps => new(isDeep: false);

    public static SchemaWorkException Depth => new(isDeep: true);
}
