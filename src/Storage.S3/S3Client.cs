using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Lockstep.Storage.S3;

/// <summary>Amazon's client, as this server uses it.</summary>
internal static class S3Client
{
    public static AmazonS3Client Create(S3Location location)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = location.PathStyle,
            Timeout = location.Timeout / location.Tries,

            // Between tries the client waits for longer and longer, up to some seconds.
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = location.Tries - 1,

            // The signature has a hash of what is sent. Checksums of their own are not known to every store but Amazon's.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (location.Endpoint is { } endpoint)
        {
            (config.ServiceURL, config.AuthenticationRegion) = (endpoint, location.Region);
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(location.Region);
        }

        return location is { KeyId: { Length: > 0 } key, Secret: { Length: > 0 } secret } ? new AmazonS3Client(new BasicAWSCredentials(key, secret), config) : new AmazonS3Client(config);
    }
}
