namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>A sync ended. The next one goes on from what is kept.</summary>
internal sealed class PhoneFault(string message, int status = 0) : Exception(message)
{
    /// <summary>What was answered; 0 for an answer that a phone cannot use.</summary>
    public int Status => status;
}
