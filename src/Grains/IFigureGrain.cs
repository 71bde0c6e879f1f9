namespace Lockstep.Grains;

/// <summary>Says what the silo measures whose address is the grain's key.</summary>
[Alias("lockstep.figures")]
public interface IFigureGrain : IGrainWithStringKey
{
    /// <returns>The silo's figures as JSON, in UTF-8; null where it keeps none, or this is another silo.</returns>
    [Alias("read")]
    Task<byte[]?> ReadAsync();
}
